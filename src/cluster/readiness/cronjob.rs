//! CronJob: ready by being there. Whether its runs succeed is a question of time, not of coming up.

use super::judgement::Judgement;
use serde_json::Value;

pub fn judge(_object: &Value) -> Judgement {
    Judgement::Ready
}
