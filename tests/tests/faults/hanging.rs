//! A server that is there and does not answer.

use std::time::Duration;

use cachestack_tests::within;

use super::functions::Source;
use super::stage::{BACK, Case, DEADLINE, SLACK, Stage};
use super::table::median;

const BODY: Duration = Duration::from_millis(20);
/// As many time-outs open a breaker.
const FAILURES: u64 = 3;

pub(super) fn stopped_in_its_tracks(case: Case) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        let (stacked, witness) = (stage.cache(), stage.witness());
        stacked.until_used(&witness);
        stage.store.pause();

        let source = Source::slow(BODY);
        let slow = (0..FAILURES).map(|id| stacked.call(id, &source).1);
        let mut slow: Vec<Duration> = slow.collect();
        slow.sort_unstable();
        let (shortest, longest) = (slow[0], slow[slow.len() - 1]);
        assert!(shortest < DEADLINE + BODY + SLACK / 4, "{slow:?}");
        assert!(longest < DEADLINE + BODY + SLACK, "{slow:?}");
        assert!(stacked.stats().opened >= 1);

        let source = Source::default();
        let fast = (100..300).map(|id| stacked.call(id, &source).1);
        let mut fast: Vec<Duration> = fast.collect();
        let typical = median(&mut fast);
        let worst = fast[fast.len() - 1];
        // A busy machine interrupts some of them.
        let usual = fast[fast.len() / 4];
        assert!(usual < Duration::from_millis(1), "{usual:?}");
        assert!(typical < Duration::from_millis(5), "{typical:?}");
        assert!(worst < DEADLINE + SLACK, "{worst:?}");
        assert_eq!(source.runs(), 200);

        stage.store.resume();
        let back = stacked.until_used(&witness);
        assert!(back < BACK, "{back:?}");
        case.row(
            "stopped_in_its_tracks",
            format!(
                "first calls {shortest:.1?} to {longest:.1?}, then median {typical:.1?}, worst {worst:.1?}; used \
                 after {back:.1?}"
            ),
        );
    });
}

pub(super) fn look_up_and_store_share_the_deadline(case: Case) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        let (stacked, witness) = (stage.cache_by_proxy(), stage.witness());
        stacked.until_used(&witness);
        // A look-up succeeds, and leaves less than a store takes.
        stage.proxy.set_delay(DEADLINE * 2 / 3);
        let source = Source::slow(BODY);
        let mut times: Vec<Duration> = (0..6).map(|id| stacked.call(id, &source).1).collect();
        let typical = median(&mut times);
        let longest = times[times.len() - 1];
        // Two turns would take a third more.
        assert!(typical < DEADLINE * 4 / 3 + BODY, "{times:?}");
        assert!(longest < DEADLINE + BODY + SLACK, "{times:?}");
        case.row(
            "look_up_and_store_share_the_deadline",
            format!("median {typical:.1?}, longest {longest:.1?}"),
        );
    });
}
