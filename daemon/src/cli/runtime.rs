//! The runtime of a command.

use super::outcome::CommandResult;

/// Runs a command to its end.
pub(super) fn block_on(work: impl Future<Output = CommandResult>) -> CommandResult {
    // Two threads are enough for the sockets; the extractor has its own threads.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}
