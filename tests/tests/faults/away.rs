//! A server that is not there when the application starts.

use std::time::{Duration, Instant};

use cachestack::Layer;
use cachestack_tests::within;

use super::functions::Source;
use super::stage::{BACK, Case, DEADLINE, SLACK, Stage, run};

pub(super) fn server_not_there_at_start(case: Case) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        stage.store.kill();

        let began = Instant::now();
        let backend = run(case.kind.connect(&stage.dsn(), &stage.name)).unwrap();
        let connecting = began.elapsed();
        assert!(
            connecting < Duration::from_secs(1) + SLACK,
            "{connecting:?}"
        );

        let stacked = stage.stack(Layer::new(backend).deadline(DEADLINE));
        let source = Source::default();
        let times = (0..20).map(|id| stacked.call(id, &source).1);
        let longest = times.max().unwrap();
        assert_eq!(source.runs(), 20);
        assert!(longest < DEADLINE + SLACK, "{longest:?}");
        let stats = stacked.stats();
        assert!(stats.errors > 0 && stats.opened == 1 && stats.rejected > 0);

        stage.store.restart();
        let back = stacked.until_used(&stage.witness());
        assert!(back < BACK, "{back:?}");
        case.row(
            "server_not_there_at_start",
            format!("connect {connecting:.1?}, longest call {longest:.1?}, used after {back:.1?}"),
        );
    });
}
