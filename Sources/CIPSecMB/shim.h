// Without the names of the library's 0.53 interface: they are macros such as SHA1, which OpenSSL's headers also use.
#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>
