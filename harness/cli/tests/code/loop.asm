function 0 (f) of loop.wat: 45 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xc                                  0x0001f  entry
     8  jb 0x2b
     e  xor rax, rax
    11  mov rcx, rdx
    14  sub ecx, 1
    17  add rax, rdx                                  0x00028  i64.add
    1a  sub rdx, 1
    1e  test ecx, ecx                                 0x00033  br_if $next
    20  jne 0x11
    26  mov rsp, rbp                                  0x00038  end
    29  pop rbp
    2a  ret
    2b  ud2  ; call stack exhausted                   0x0001f  entry
