// SPDX-License-Identifier: AGPL-3.0-or-later
//! The steps of a run, told to a person: who did what, by which rule, and how long after the step before.
//!
//! A role tells a step as a `tracing` event with the target `step` and the fields `role` and `rule`; without a role it is a
//! heading. Everything else that is traced goes to the ordinary log. So the roles know nothing of this module, and can run in other processes.

use std::{
    fmt,
    io::{IsTerminal as _, Write as _},
    sync::{Mutex, PoisonError},
    time::Instant,
};
use stelselnode::STEP;
use tracing::{Event, Subscriber, field::Field};
use tracing_subscriber::{Layer, layer::Context};

/// Prints steps as they happen.
pub struct Steps {
    state: Mutex<State>,
    colour: bool,
}

struct State {
    last: Instant,
    count: usize,
}

impl Default for Steps {
    /// A printer to standard output, in colour on a terminal.
    fn default() -> Self {
        let state = State {
            last: Instant::now(),
            count: 0,
        };
        Self {
            state: Mutex::new(state),
            colour: std::io::stdout().is_terminal(),
        }
    }
}

impl<S: Subscriber> Layer<S> for Steps {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != STEP {
            return;
        }
        let mut step = Step::default();
        event.record(&mut step);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = state.last.elapsed();
        state.last = Instant::now();
        let (dim, bold, plain) = if self.colour {
            ("\x1b[2m", "\x1b[1m", "\x1b[0m")
        } else {
            ("", "", "")
        };
        let mut out = std::io::stdout().lock();
        // a closed pipe is no reason to stop the run
        let _ = if step.role.is_empty() {
            writeln!(out, "\n{bold}{}{plain}", step.text)
        } else {
            state.count += 1;
            let rule = if step.rule.is_empty() {
                String::new()
            } else {
                format!("  {dim}[{}]{plain}", step.rule)
            };
            let (count, role, text) = (state.count, step.role, step.text);
            writeln!(
                out,
                "{dim}{count:>3} {:>5} ms{plain}  {bold}{role:<11}{plain}  {text}{rule}",
                elapsed.as_millis()
            )
        };
    }
}

#[derive(Default)]
struct Step {
    role: String,
    rule: String,
    text: String,
}

impl tracing::field::Visit for Step {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "role" => self.role = value.to_owned(),
            "rule" => self.rule = value.to_owned(),
            "message" => self.text = value.to_owned(),
            _ => {}
        }
    }
}
