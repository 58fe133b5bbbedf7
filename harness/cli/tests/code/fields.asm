function 0 (f) of fields.wat: 92 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xe                                  0x0002c  entry
     8  jb 0x54
     e  test rdx, rdx                                 0x0002f  struct.get $s 1
    11  je 0x56
    17  mov rsi, [rdi+0x10]
    1b  mov rax, [rsi+rdx+9]
    20  test rcx, rcx                                 0x00037  array.get $a
    23  je 0x58
    29  lea rdx, [rsi+rcx]
    2d  mov ecx, [rsi+rcx]
    30  cmp r8d, ecx
    33  jae 0x5a
    39  mov edi, r8d
    3c  lea rdx, [rdx+rdi*4]
    40  cmp r8d, ecx
    43  cmovae rdx, rsi
    47  mov ecx, [rdx+4]
    4a  mov ecx, ecx                                  0x0003a  i64.extend_i32_u
    4c  add rax, rcx                                  0x0003b  i64.add
    4f  mov rsp, rbp                                  0x0003c  end
    52  pop rbp
    53  ret
    54  ud2  ; call stack exhausted                   0x0002c  entry
    56  ud2  ; null structure reference               0x0002f  struct.get $s 1
    58  ud2  ; null array reference                   0x00037  array.get $a
    5a  ud2  ; out of bounds array access
