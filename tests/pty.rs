//! The binary in a real terminal: what only a terminal shows. Few tests, each waits for text on the screen with a deadline.
