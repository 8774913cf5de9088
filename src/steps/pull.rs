//! Step: an image that the engine itself runs, pulled from its registry. Only without a bundle.

use super::setup::Setup;
use crate::engine::step::{Cx, Observed, Step, StepError};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Pull {
    pub setup: Arc<Setup>,
    pub image: String,
}

#[async_trait]
impl Step for Pull {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(match self.setup.engine.image_id(&self.image).await? {
            Some(_) => Observed::Done(format!("{} is in the engine", self.image)),
            None => Observed::Needed(format!("{} is not in the engine", self.image)),
        })
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        self.setup.engine.pull(&self.image, Duration::from_mins(10), &cx.sink).await?;
        Ok(format!("pulled {}", self.image))
    }
}
