function 0 (f) of store-float.wat: 92 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xe                                  0x00025  entry
     8  jb 0x5a
     e  vmulsd xmm0, xmm0, xmm1                       0x0002c  f64.mul
    12  mov rax, [rdi+0x20]                           0x0002d  f64.store
    16  mov ecx, edx
    18  vmovsd [rax+rcx], xmm0  ; out of bounds memory access
    1d  mov edx, [rax+rcx+4]
    21  add edx, edx
    23  cmp edx, -0x200000
    29  jae 0x34
    2f  mov rsp, rbp                                  0x00030  end
    32  pop rbp
    33  ret
    34  mov rdx, 0x7ff8000000000000                   0x0002d  f64.store
    3e  vmovq xmm1, rdx
    43  vucomisd xmm0, xmm0
    47  jnp 0x50
    4d  movaps xmm0, xmm1
    50  vmovsd [rax+rcx], xmm0
    55  jmp 0x2f
    5a  ud2  ; call stack exhausted                   0x00025  entry
