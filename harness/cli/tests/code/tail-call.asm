function 0 (f) of tail-call.wat: 65 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  mov r8, rcx
     7  cmp rsi, 0xd                                  0x00020  entry
     b  jb 0x3f
    11  test rdx, rdx                                 0x00024  if (result i64) ;; label = @1
    14  mov rcx, rdx
    17  je 0x37
    1d  mov rax, rcx
    20  mov rdx, rax
    23  sub rdx, 1                                    0x0002d  i64.sub
    27  mov rax, r8
    2a  imul rcx, rax                                 0x00032  i64.mul
    2e  mov rsp, rbp                                  0x00033  return_call $f
    31  pop rbp
    32  jmp function 0 (f)
    37  mov rax, r8
    3a  mov rsp, rbp                                  0x00036  end
    3d  pop rbp
    3e  ret
    3f  ud2  ; call stack exhausted                   0x00020  entry
