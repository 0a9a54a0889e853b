// The header in C++.
#include "server_header.c"
