//! A floor under how well corrections come through: a small sample of what `examples/anchor_quality.rs` measures.

use colophon_testkit::reruns::{LEVELS, Tally, pages_of_prose, read_again};
use fastrand::Rng;

#[test]
fn corrections_come_through_synthetic_runs_and_none_is_dropped() {
    for level in LEVELS {
        let mut rng = Rng::with_seed(11);
        let pages = pages_of_prose(40, &mut rng);
        let mut tally = Tally::default();
        read_again(&pages, level, &mut rng, &mut tally);
        assert_eq!((tally.dropped, tally.came_again), (0, 0), "{}", level.name);
        let floor = if level.name == "heavy" { 0.9 } else { 0.98 };
        for (outcome, score) in &tally.scores {
            let (precision, recall) = (score.precision(), score.recall());
            assert!(
                precision >= floor && recall >= floor,
                "{} at {}: {precision:.3} / {recall:.3}\n{:#?}",
                outcome.as_str(),
                level.name,
                tally.wrong
            );
        }
    }
}
