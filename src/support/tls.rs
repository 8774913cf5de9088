//! The one TLS implementation of the process: rustls with ring.

/// Makes ring what every rustls user of this process gets. May be called any number of times; whoever was first stays.
pub fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _lost_a_race_to_the_same = rustls::crypto::ring::default_provider().install_default();
    }
}
