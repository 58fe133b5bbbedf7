function 0 (f) of metered-while.wat: 112 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, metered by etalon-1@2#4c75033a85c56fb3
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xb                                  0x00023  entry
     8  jb 0x68
     e  add r15, 7                                    0x00026  loop $next
    12  jb 0x6a
    18  nop [rax+rax]
    1e  mov rax, [rdi+0x20]                           0x00035  i32.store8
    22  cmp edx, 0x2000                               0x0002f  br_if $out
    28  jae 0x53
    2e  add r15, 0x13                                 0x00035  i32.store8
    32  jb 0x6c
    38  nop [rax+rax]
    3e  mov ecx, 1
    43  mov esi, edx
    45  mov [rax+rsi], cl  ; out of bounds memory access
    48  add edx, 3
    4e  jmp 0x22                                      0x0003f  br $next
    53  add r15, 8                                    0x0002f  br_if $out
    57  jb 0x6e
    5d  nop [rax+rax]
    63  mov rsp, rbp                                  0x00043  end
    66  pop rbp
    67  ret
    68  ud2  ; call stack exhausted                   0x00023  entry
    6a  ud2  ; out of gas                             0x00026  loop $next
    6c  ud2  ; out of gas                             0x00035  i32.store8
    6e  ud2  ; out of gas                             0x0002f  br_if $out
