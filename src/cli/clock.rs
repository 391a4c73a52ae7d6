//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, of now or as `SOURCE_DATE_EPOCH` fixes them.
pub(super) fn seconds() -> Option<i64> {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse::<i64>().ok());
    let now = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs()).ok();
    fixed.or_else(now)
}
