//! The engine of jobs as a model, looked at in every order in which its steps can happen, and shown to break without its
//! fence (docs/states.md). Where a statement or the worker changes, the model changes with it.

use std::fmt::Write as _;
use std::thread;

use stateright::{Checker, Model, Path};

#[path = "model/database.rs"]
mod database;
#[path = "model/words.rs"]
mod words;
#[path = "model/world.rs"]
mod world;

use database::{Fence, Patience};
use world::{Engine, Limits, Step, World};

/// What happens without anybody's doing.
const FAULTS: Limits =
    Limits { releases: 1, resends: 1, cancels: 0, pauses: 0, asks_again: 0, ends_by_hand: 0, crashes: 0 };
/// What people do beside it,
const PEOPLE: Limits = Limits { cancels: 1, pauses: 1, asks_again: 1, ..FAULTS };
/// and past the engine.
const BY_HAND: Limits = Limits { asks_again: 1, ends_by_hand: 1, ..FAULTS };
/// A server that dies before a claim is on its disk.
const CRASHES: Limits = Limits { crashes: 1, ..FAULTS };

fn engine(fence: Fence, limits: Limits) -> Engine {
    Engine { fence, patience: Patience { attempts: 2, kills: 1 }, workers: 2, under_way: 2, limits }
}

#[test]
fn whatever_goes_wrong_no_job_is_lost_or_ended_twice() {
    // As the engine has it.
    let patience = Patience { attempts: 5, kills: 2 };
    let limits = Limits { resends: 2, ..FAULTS };
    holds(Engine { patience, workers: 3, under_way: 3, ..engine(Fence::LeaseSeq, limits) });
}

#[test]
fn nor_is_it_whatever_people_do() {
    holds(engine(Fence::LeaseSeq, PEOPLE));
}

#[test]
fn nor_where_a_job_is_ended_past_the_engine() {
    holds(engine(Fence::LeaseSeq, BY_HAND));
}

#[test]
fn nor_where_the_server_forgets_a_claim() {
    holds(engine(Fence::LeaseSeq, CRASHES));
}

#[test]
fn without_a_fence_an_old_lease_ends_the_work_of_another() {
    breaks(engine(Fence::Absent, FAULTS));
}

/// A job that is handed back is given out under the same number again.
#[test]
fn the_number_of_the_attempt_is_no_fence() {
    breaks(engine(Fence::Attempt, FAULTS));
}

/// A claim that the server forgot is made again under the same number.
#[test]
fn a_fence_that_counts_is_none_where_a_claim_may_be_forgotten() {
    breaks(engine(Fence::LeaseSeqCounted, CRASHES));
}

#[test]
fn a_fence_that_starts_anew_is_none() {
    breaks(engine(Fence::LeaseSeqFromZero, PEOPLE));
}

/// A worker whose job was ended past the engine leaves no attempt on record.
#[test]
fn a_fence_behind_the_attempts_on_record_is_none() {
    breaks(engine(Fence::LeaseSeqAfterAttempts, BY_HAND));
}

/// In every order in which the steps can happen, every property holds.
fn holds(engine: Engine) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let checker = engine.checker().threads(threads).spawn_bfs().join();
    println!(
        "{} different states, {} transitions, up to {} steps deep",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth()
    );
    for (property, path) in checker.discoveries() {
        if checker.discovery_classification(property).to_string() == "counterexample" {
            println!("broken: {property}\n{}", story(path));
        }
    }
    checker.assert_properties();
}

/// Prints the shortest way to where a finish by an old lease is accepted.
fn breaks(engine: Engine) {
    for depth in 2..20 {
        let checker = engine.checker().target_max_depth(depth).spawn_bfs().join();
        if let Some(path) = checker.discovery("no finish by an old lease is accepted") {
            println!("{:?} breaks:\n{}", engine.fence, story(path));
            return;
        }
    }
    panic!("the checker let {:?} pass, so it finds nothing", engine.fence);
}

/// A way through the model, to be read.
fn story(path: Path<World, Step>) -> String {
    let mut text = String::new();
    let mut steps = path.into_vec().into_iter().peekable();
    let mut number = 0;
    while let (Some((_, Some(step))), Some((after, _))) = (steps.next(), steps.peek()) {
        number += 1;
        let _ = writeln!(text, "{number:>2}. {step:<68} {}", after.database);
    }
    text
}
