//! Tests of cachestack that use its public names only; see the folder `tests`.
