// The engine in C, compiled as C++.
#include "engine.c"
