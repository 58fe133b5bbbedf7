//! Checks of every vector operation.
