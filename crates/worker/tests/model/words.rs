//! The model in words, for who reads a counterexample.

use std::fmt;

use crate::database::{Database, End, Lease, LiveState};
use crate::world::Step;

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(live) = &self.live else { return write!(f, "{}", self.status) };
        let state = match live.state {
            LiveState::Queued => "queued",
            LiveState::Scheduled => "scheduled",
            LiveState::Running => "running",
            LiveState::Paused => "paused",
        };
        let by_hand =
            if self.status.is_final() { format!(" ({} by hand)", self.status) } else { String::new() };
        write!(f, "{state}, attempt {}, lease_seq {}{by_hand}", live.attempt, live.lease_seq)
    }
}

/// A worker is named by its claim: A, B, …
impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(b'@' + self.claim))
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Completed => "completed",
            Self::FailedForGood => "failed for good",
            Self::Failed => "failed",
            Self::Released => "released",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Claim => "a worker claims".to_owned(),
            Self::Heartbeat(lease) => format!("{lease}: heartbeat"),
            Self::Send(lease, end) => format!("{lease} sends “{end}”"),
            Self::Arrives(lease, end) => format!("“{end}” of {lease} arrives"),
            Self::ArrivesUnanswered(lease, end) => {
                format!("“{end}” of {lease} arrives, its answer is lost, it is sent again")
            }
            Self::IsLost(lease, end) => format!("“{end}” of {lease} is lost"),
            Self::Dies(lease) => format!("{lease} dies"),
            Self::Reap => "the job is taken back".to_owned(),
            Self::Promote => "its time has come".to_owned(),
            Self::Cancel => "a person cancels".to_owned(),
            Self::Pause => "a person pauses".to_owned(),
            Self::Resume => "a person resumes".to_owned(),
            Self::EndByHand => "somebody writes “cancelled” into the record".to_owned(),
            Self::ServerDies => "the server dies before the claim is on the disk".to_owned(),
            Self::AskAgain => "a person asks for it again".to_owned(),
        };
        f.pad(&text)
    }
}
