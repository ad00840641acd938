"""The C ABI, used as any C program would: through ctypes, without the binding."""
