//! What k6's exit codes mean: `errext/exitcodes/codes.go` of k6 1.8.

/// How k6 ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// 0: it came to its end; thresholds, if any, held.
    Done,
    /// 99 and 110: a threshold was crossed, or the script marked the test as failed.
    Failed(String),
    /// 104: what it was given cannot be run.
    Invalid(String),
    /// 103 and 105: somebody ended it.
    Interrupted(String),
    /// 108: the script ended it.
    Aborted(String),
    /// Everything else: it could not do its work.
    Broken(String),
}

impl Exit {
    /// From the exit code, or from the signal that ended it where there is none.
    pub fn of(code: Option<i32>, signal: Option<i32>) -> Self {
        let named = |words: &str| format!("k6 ended with {}: {words}", code.unwrap_or_default());
        match code {
            Some(0) => Self::Done,
            Some(99) => Self::Failed(named("a threshold was crossed")),
            Some(110) => Self::Failed(named("the script marked the test as failed")),
            Some(104) => Self::Invalid(named("the script or its options are not valid")),
            Some(103) => Self::Interrupted(named("it was stopped through its REST API")),
            Some(105) => Self::Interrupted(named("it was interrupted")),
            Some(108) => Self::Aborted(named("the script called test.abort()")),
            Some(100) => Self::Broken(named("setup took too long")),
            Some(101) => Self::Broken(named("teardown took too long")),
            Some(102) => Self::Broken(named("something took too long")),
            Some(106) => Self::Broken(named("its REST API could not be started")),
            Some(107) => Self::Broken(named("the script threw an exception")),
            Some(109) => Self::Broken(named("k6 itself broke down")),
            Some(97 | 98) => Self::Broken(named("the cloud did not answer")),
            Some(_) => Self::Broken(named("an error of its own")),
            None => Self::Broken(format!("k6 was killed by signal {}", signal.unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_k6_has_its_meaning() {
        type Of = fn(String) -> Exit;
        let table: [(i32, Of); 14] = [
            (97, Exit::Broken),
            (98, Exit::Broken),
            (99, Exit::Failed),
            (100, Exit::Broken),
            (101, Exit::Broken),
            (102, Exit::Broken),
            (103, Exit::Interrupted),
            (104, Exit::Invalid),
            (105, Exit::Interrupted),
            (106, Exit::Broken),
            (107, Exit::Broken),
            (108, Exit::Aborted),
            (109, Exit::Broken),
            (110, Exit::Failed),
        ];
        for (code, want) in table {
            let kind = |exit: &Exit| std::mem::discriminant(exit);
            let got = Exit::of(Some(code), None);
            assert_eq!(kind(&got), kind(&want(String::new())), "{code}: {got:?}");
        }
        assert_eq!(Exit::of(Some(0), None), Exit::Done);
        assert!(matches!(Exit::of(None, Some(9)), Exit::Broken(why) if why.contains("signal 9")));
    }
}
