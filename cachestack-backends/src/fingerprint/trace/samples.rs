//! What is tried at a leaf, best guess first. A set of 64 bits notes the refused ones, so no list is longer.

/// For every integer type; those out of a type's range count as refused by it.
pub(super) const INTEGERS: &[i64] = &[
    1,
    0,
    2,
    12,
    100,
    16,
    32,
    64,
    200,
    255,
    -1,
    1_000,
    2_000,
    1_000_000,
    1_600_000_000,
    1_600_000_000_000,
    i64::MAX,
    i64::MIN,
];

pub(super) const FLOATS: &[f32] = &[1.0, 0.0, 0.5, 2.0, 100.0, -1.0];

pub(super) const BOOLS: &[bool] = &[true, false];

pub(super) const CHARS: &[char] = &['a', '1', 'A', '0', ' ', '-', '/', '€'];

/// Texts that common types parse: numbers, times, identifiers, addresses, places, languages, encodings.
pub(super) const STRINGS: &[&str] = &[
    "a",
    "1",
    "2000-01-01T00:00:00Z",
    "2000-01-01",
    "2000-01-01T00:00:00",
    "00:00:00",
    "00000000-0000-4000-8000-000000000000",
    "http://a.example/",
    "127.0.0.1",
    "::1",
    "127.0.0.1:80",
    "[::1]:80",
    "10.0.0.0/8",
    "fd00::/8",
    "a@b.example",
    "1.0.0",
    "1.5",
    "true",
    "UTC",
    "Europe/London",
    "+00:00",
    "PT1S",
    "1s",
    "2000-01-01T00:00:00+00:00[UTC]",
    "2000-01-01 00:00:00",
    "2000-01-01T00:00:00.000Z",
    "Sat, 01 Jan 2000 00:00:00 GMT",
    "2000-01",
    "Monday",
    "January",
    "en",
    "en-GB",
    "GB",
    "GBP",
    "#000000",
    "00",
    "00000000",
    "0000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0x0000000000000000000000000000000000000000",
    "AAAA",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "00:00:00:00:00:00",
    "text/plain",
    "GET",
    "a.example",
    "+441632960000",
    "/",
    "*",
    "A",
    "{}",
    "[]",
    "null",
    "",
];

/// Byte strings are prefixes of [`BYTES`] of these lengths.
pub(super) const LENGTHS: &[usize] = &[16, 0, 1, 2, 4, 6, 8, 12, 20, 24, 28, 32, 33, 48, 64, 65];

/// Text, and free of zero bytes, as a C string must be.
pub(super) const BYTES: &[u8; 65] = &[b'1'; 65];

/// How many forms a place that takes anything is offered.
pub(super) const ANYTHING: usize = 8;

/// How many lengths a collection is tried with.
pub(super) const COUNTS: usize = 5;

#[cfg(test)]
mod tests {
    use super::{ANYTHING, BYTES, FLOATS, INTEGERS, LENGTHS, STRINGS};

    #[test]
    fn no_list_outgrows_the_set_of_refused_samples() {
        for len in [STRINGS.len(), INTEGERS.len(), LENGTHS.len(), FLOATS.len()] {
            assert!(len < 64);
        }
        const { assert!(ANYTHING < 64) };
        assert!(LENGTHS.iter().all(|len| *len <= BYTES.len()));
    }
}
