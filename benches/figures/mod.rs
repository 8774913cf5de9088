//! One file per figure of the cluster room.

mod contest;
pub mod p1;
pub mod p2;
pub mod p3;
pub mod p7;
pub mod p8;
pub mod p9;
pub mod r4;
pub mod r5;
