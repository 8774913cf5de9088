//! Hermetic tests: no network, no container engine, no cluster.

mod excalidraw;
mod insight;
mod tidy;
