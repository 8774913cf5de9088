//! One file or folder per outside system. Adapters know how to talk to it, never why.

pub mod kube;
