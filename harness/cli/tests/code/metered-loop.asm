function 0 (f) of metered-loop.wat: 111 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, metered by etalon-1@1#4eceddd5e01cbcd1
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xc                                  0x0001f  entry
     8  jb 0x67
     e  mov rax, r15                                  0x00022  loop $next
    11  cmp rax, 7
    15  jb 0x69
    1b  sub rax, 7
    1f  mov r15, rax
    22  xor rax, rax                                  0x0001f  entry
    25  mov rcx, r15                                  0x00024  local.get $sum
    28  cmp rcx, 0xb
    2c  jb 0x6b
    32  sub rcx, 0xb
    36  mov r15, rcx
    39  mov rcx, rdx
    3c  sub ecx, 1
    3f  add rax, rdx                                  0x00028  i64.add
    42  sub rdx, 1
    46  test ecx, ecx                                 0x00033  br_if $next
    48  jne 0x25
    4e  mov rcx, r15                                  0x00036  local.get $sum
    51  cmp rcx, 3
    55  jb 0x6d
    5b  sub rcx, 3
    5f  mov r15, rcx
    62  mov rsp, rbp                                  0x00038  end
    65  pop rbp
    66  ret
    67  ud2  ; call stack exhausted                   0x0001f  entry
    69  ud2  ; out of gas                             0x00022  loop $next
    6b  ud2  ; out of gas                             0x00024  local.get $sum
    6d  ud2  ; out of gas                             0x00036  local.get $sum
