function 1 (f) of metered-call.wat: 72 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, metered by etalon-1@2#4c75033a85c56fb3
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xb                                  0x0002d  entry
     8  jb 0x42
     e  add r15, 0xc                                  0x00030  call $g
    12  jb 0x44
    18  nop [rax+rax]
    1e  sub rsi, 0xb                                  0x0002d  entry
    22  call function 0 (g)                           0x00030  call $g
    27  add r15, 3                                    0x00035  end
    2b  jb 0x46
    31  nop [rax+rax]
    37  add eax, 1                                    0x00034  i32.add
    3d  mov rsp, rbp                                  0x00035  end
    40  pop rbp
    41  ret
    42  ud2  ; call stack exhausted                   0x0002d  entry
    44  ud2  ; out of gas                             0x00030  call $g
    46  ud2  ; out of gas                             0x00035  end
