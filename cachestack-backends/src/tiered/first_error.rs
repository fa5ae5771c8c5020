//! The one error of an operation that several layers failed in.

use super::layer::StackLayer;
use crate::error::{Error, Result};

/// Layers are written from the lowest up, so the last error is the highest layer's.
#[derive(Default)]
pub(super) struct FirstError(Option<Error>);

impl FirstError {
    pub(super) fn note(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.0 = Some(error);
        }
    }

    /// The same for what a layer did, which may be silent.
    pub(super) fn note_of(&mut self, layer: &StackLayer, result: Result<()>) {
        if !layer.silent {
            self.note(result);
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), |error| Err(error.of_a_layer()))
    }
}
