//! What must hold in every state.

use stateright::{Model, Property};

use super::actions::Action;
use super::faults::Protocol;
use super::state::{Blunder, Session, State};

/// More steps than the daemons need from any state until nothing is left to do.
const MOST_STEPS: usize = 100;

pub(crate) const ONE_ROW: &str = "a measurement has one row at most";
pub(crate) const NOT_OLDER: &str = "never older over newer";
pub(crate) const NO_FAILURE_OVER_FEATURES: &str = "a failure never replaces features";
pub(crate) const CANCELLED_STAYS: &str = "the sweep does not queue what was cancelled";
pub(crate) const NOT_TWICE: &str = "nothing that has been extracted is queued again";
pub(crate) const NONE_SET_ASIDE: &str = "no note is set aside";
pub(crate) const NOTHING_FORGOTTEN: &str = "nothing outstanding is forgotten";
pub(crate) const ANNOUNCED: &str = "a session without outstanding work is announced";
pub(crate) const RESTS: &str = "the daemons come to rest";

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(self.progress(state));
        actions.extend(self.events(state));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.after(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_ROW, |_, state: &State| {
                state
                    .database
                    .features
                    .iter()
                    .all(|rows| rows.iter().flatten().count() <= 1)
            }),
            Property::always(NOT_OLDER, |_, state: &State| {
                state.blunder != Some(Blunder::OlderOverNewer)
            }),
            Property::always(NO_FAILURE_OVER_FEATURES, |_, state: &State| {
                state.blunder != Some(Blunder::FailureOverFeatures)
            }),
            Property::always(CANCELLED_STAYS, |_, state: &State| {
                state.blunder != Some(Blunder::CancelledQueuedAgain)
            }),
            Property::always(NOT_TWICE, |_, state: &State| {
                state.blunder != Some(Blunder::ExtractedQueuedAgain)
            }),
            Property::always(NONE_SET_ASIDE, |_, state: &State| {
                state.blunder != Some(Blunder::NoteSetAside)
            }),
            Property::always(NOTHING_FORGOTTEN, |protocol: &Self, state: &State| {
                !protocol.is_at_rest(state) || protocol.is_complete(state)
            }),
            Property::always(ANNOUNCED, |protocol: &Self, state: &State| {
                !protocol.is_at_rest(state) || !is_owed(state)
            }),
            Property::always(RESTS, Protocol::comes_to_rest),
        ]
    }
}

impl Protocol {
    /// The daemons have nothing to do. Every run without further events ends in such a state, so
    /// what holds in all of them holds at the end of every run.
    fn is_at_rest(&self, state: &State) -> bool {
        self.progress(state).is_empty()
    }

    /// The queue is empty, and each measurement of the completed session has the row of its present
    /// source and time.
    fn is_complete(&self, state: &State) -> bool {
        let database = &state.database;
        database.queue.iter().all(Option::is_none)
            && (0..self.measurements).all(|m| {
                let Some(current) = database.current(m).filter(|current| current.is_completed) else {
                    return true;
                };
                let rows = &database.features[m];
                match rows[usize::from(current.time)] {
                    Some(row) => {
                        let of_source = row.from == current.location || row.refused == current.location;
                        of_source && rows[1 - usize::from(current.time)].is_none()
                    }
                    None => database.cancelled[m] && rows.iter().all(Option::is_none),
                }
            })
    }

    /// Without further events the daemons finish in a limited number of steps.
    fn comes_to_rest(&self, state: &State) -> bool {
        let mut state = state.clone();
        for _ in 0..MOST_STEPS {
            let Some(next) = self.progress(&state).first().copied() else {
                return true;
            };
            state = self.after(&state, next);
        }
        false
    }
}

/// The completed session has nothing outstanding, and nobody was told.
fn is_owed(state: &State) -> bool {
    let is_completed = state.database.session == Session::Completed;
    is_completed && state.database.unannounced && !state.database.has_outstanding(None)
}
