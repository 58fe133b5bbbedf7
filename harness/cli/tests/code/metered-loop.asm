function 0 (f) of metered-loop.wat: 99 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, metered by etalon-1@2#4c75033a85c56fb3
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xc                                  0x0001f  entry
     8  jb 0x5b
     e  add r15, 7                                    0x00022  loop $next
    12  jb 0x5d
    18  nop [rax+rax]
    1e  xor rax, rax                                  0x0001f  entry
    21  add r15, 0xd                                  0x00033  br_if $next
    25  jb 0x5f
    2b  nop [rax+rax]
    31  mov rcx, rdx
    34  sub ecx, 1
    37  add rax, rdx                                  0x00028  i64.add
    3a  sub rdx, 1
    3e  test ecx, ecx                                 0x00033  br_if $next
    40  jne 0x21
    46  add r15, 3                                    0x00038  end
    4a  jb 0x61
    50  nop [rax+rax]
    56  mov rsp, rbp
    59  pop rbp
    5a  ret
    5b  ud2  ; call stack exhausted                   0x0001f  entry
    5d  ud2  ; out of gas                             0x00022  loop $next
    5f  ud2  ; out of gas                             0x00033  br_if $next
    61  ud2  ; out of gas                             0x00038  end
