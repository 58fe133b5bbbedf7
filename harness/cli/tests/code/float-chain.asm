function 0 (f) of float-chain.wat: 96 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xd                                  0x00021  entry
     8  jb 0x41
     e  vaddsd xmm0, xmm0, xmm1                       0x00026  f64.add
    12  vaddsd xmm0, xmm0, xmm2                       0x00029  f64.add
    16  vaddsd xmm0, xmm0, [0x50]                     0x00033  f64.add
    1e  vucomisd xmm0, xmm0                           0x00034  end
    22  jp 0x2d
    28  mov rsp, rbp
    2b  pop rbp
    2c  ret
    2d  mov rax, 0x7ff8000000000000
    37  vmovq xmm0, rax
    3c  jmp 0x28
    41  ud2  ; call stack exhausted                   0x00021  entry
    43  data 00 00 00 00 00 00 00 00
    4b  data 00 00 00 00 00 00 00 00
    53  data 00 00 00 f0 3f 00 00 00
    5b  data 00 00 00 00 00
