//! What judges: scripts, differences, generated modules, gas.
