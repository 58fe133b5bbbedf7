//! Tests of everything that is rendered.

mod across;
mod compare;
mod forms;
mod render;
mod sample;
