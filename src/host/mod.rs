//! One module in one VM: loading, linking, host calls, callbacks, limits. Generic over the proxy it serves.

pub mod port;
