//! When an object of a component comes: hooks of charts say `before` or `after`, everything else is in between.

use super::object::ObjectRef;
use super::waves::Wave;
use serde_json::Value;

/// Set on a wanted object to `before WEIGHT` or `after WEIGHT`; it never reaches the server.
pub const PHASE_ANNOTATION: &str = "labctl.dev/phase";

/// Earlier turns are finished before later ones start; within a turn there are waves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// What others live in or are defined by, hooks included.
    Ground,
    /// Jobs among these must have ended well before the next turn.
    Before(i64),
    Main,
    After(i64),
}

impl Turn {
    /// Takes the annotation off `object` and says what it asks for; an error where that is not known.
    pub fn take(object: &mut Value) -> Result<Self, String> {
        let annotations = object.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations")).and_then(Value::as_object_mut);
        let Some(asked) = annotations.and_then(|all| all.shift_remove(PHASE_ANNOTATION)) else { return Ok(Self::Main) };
        let text = asked.as_str().unwrap_or_default();
        match text.split_once(' ').map(|(phase, weight)| (phase, weight.parse())) {
            Some(("before", Ok(weight))) => Ok(Self::Before(weight)),
            Some(("after", Ok(weight))) => Ok(Self::After(weight)),
            _ => Err(format!(
                "annotation {PHASE_ANNOTATION} is `{asked}`; it must be `before` or `after` and a whole number, as `before -5`"
            )),
        }
    }

    /// The turn of an object that asks for none.
    pub fn of(self, object: &ObjectRef) -> Self {
        if self == Self::Main && Wave::of(object) == Wave::Ground { Self::Ground } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(phase: &str, expected: Option<Turn>) {
        let mut object = json!({"metadata": {"annotations": {PHASE_ANNOTATION: phase, "other": "x"}}});
        assert_eq!(Turn::take(&mut object).ok(), expected, "{phase}");
        assert_eq!(object["metadata"]["annotations"], json!({"other": "x"}));
    }

    #[test]
    fn hooks_come_in_their_turn_and_in_order_of_weight() {
        check("before -5", Some(Turn::Before(-5)));
        check("after 3", Some(Turn::After(3)));
        check("later", None);
        let order = [Turn::Ground, Turn::Before(-5), Turn::Before(0), Turn::Main, Turn::After(-1), Turn::After(1)];
        assert!(order.is_sorted());
        assert_eq!(Turn::take(&mut json!({"metadata": {}})), Ok(Turn::Main));
    }
}
