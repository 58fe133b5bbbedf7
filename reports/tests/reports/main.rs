//! Tests of everything that is rendered.

mod compare;
mod render;
mod sample;
