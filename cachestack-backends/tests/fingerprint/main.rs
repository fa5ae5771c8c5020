//! What the fingerprint of a type catches, what it leaves alone, and which values fit.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod changes;
mod fits;
mod misfits;
mod shapes;

use cachestack_backends::{Misfit, trace};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The fingerprint of a type defined on the spot.
macro_rules! of {
    ($ty:ty => $($item:item)+) => {{
        $(
            #[derive(serde::Serialize, serde::Deserialize)]
            #[allow(dead_code, reason = "only its shape is looked at")]
            $item
        )+
        of!($ty)
    }};
    ($ty:ty) => {{
        let traced = cachestack_backends::trace::<$ty>();
        assert!(traced.is_complete(), "{traced:#?}");
        traced.fingerprint()
    }};
}
pub(crate) use of;

fn fit<T: Serialize + DeserializeOwned + 'static>(value: &T) -> Result<(), Misfit> {
    trace::<T>().fit(value)
}

/// The misfit's text; panics where the value fits.
fn misfit<T: Serialize + DeserializeOwned + 'static>(value: &T) -> String {
    fit(value).expect_err("it does not fit").to_string()
}
