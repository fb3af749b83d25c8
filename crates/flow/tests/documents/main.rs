//! Documents by their borders only: text in, problems out; outcomes in, effects out, in virtual time.

mod caller;
mod chance;
mod checks;
mod runs;
mod welcome;
