/* The version of raspc, in one place: the command, the library and the files that are written say
   it. */
#ifndef RASPC_VERSION_H
#define RASPC_VERSION_H

#define RASPC_VERSION "0.1.0"
#define RASPC_SONAME_VERSION "0"

#endif
