//! Private database servers for tests: started from Debian's packages in a folder of their own, reached by a Unix
//! socket, gone with the test.

mod samples;
mod servers;

pub use samples::*;
pub use servers::*;
