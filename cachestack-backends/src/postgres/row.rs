//! Rows to what they mean.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{Row, ValueRef};

use crate::backend::TimeLeft;

/// What a time without end is sent as.
const INFINITY: i64 = i64::MAX;
/// About 292,000 years: with it every time until the year 2,276 can be added to and is below the last that a column can
/// hold.
const LONGEST: i64 = 9_214_000_000_000_000_000;

/// A time to live in microseconds, rounded up.
pub(super) fn microseconds(time: Duration) -> i64 {
    let microseconds = time.as_nanos().div_ceil(1_000);
    i64::try_from(microseconds).unwrap_or(LONGEST).min(LONGEST)
}

/// The stored bytes in that column.
pub(super) fn bytes(row: &PgRow, column: usize) -> sqlx::Result<&[u8]> {
    row.try_get_raw(column)?
        .as_bytes()
        .map_err(sqlx::Error::Decode)
}

/// What is left of an entry whose end stands in that column, with the time on the server in the next.
pub(super) fn time_left(row: &PgRow, column: usize) -> sqlx::Result<TimeLeft> {
    let end = row.try_get_raw(column)?;
    if end.is_null() {
        return Ok(TimeLeft::Unlimited);
    }
    let end = time(end.as_bytes().map_err(sqlx::Error::Decode)?)?;
    if end == INFINITY {
        return Ok(TimeLeft::Unlimited);
    }
    let now = time(bytes(row, column + 1)?)?;
    // It was live when the row was chosen, and may have ended when the time was asked for.
    Ok(match u64::try_from(end.saturating_sub(now)) {
        Ok(left) if left > 0 => TimeLeft::Left(Duration::from_micros(left)),
        _ => TimeLeft::Missing,
    })
}

/// Microseconds since the year 2000.
fn time(bytes: &[u8]) -> sqlx::Result<i64> {
    let bytes = bytes
        .try_into()
        .map_err(|_| sqlx::Error::Decode("a time has eight bytes".into()))?;
    Ok(i64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_and_end_before_the_column_does() {
        assert_eq!(microseconds(Duration::from_nanos(1)), 1);
        assert_eq!(microseconds(Duration::from_micros(7)), 7);
        assert_eq!(microseconds(Duration::from_nanos(7_001)), 8);
        assert_eq!(microseconds(Duration::MAX), LONGEST);
        // The last time is in the year 294,276; this counts from the year 2000.
        let last: i64 = 9_223_371_331_200_000_000;
        let in_2276 = 276 * 31_556_952 * 1_000_000;
        assert!(in_2276 + LONGEST <= last);
    }
}
