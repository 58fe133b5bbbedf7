function 0 (f) of br-table.wat: 100 bytes for x86_64-unknown-linux-gnu, cpu avx2, opt speed, not metered
     0  push rbp
     1  mov rbp, rsp
     4  cmp rsi, 0xa                                  0x0001f  entry
     8  jb 0x62
     e  mov eax, 3                                    0x0002a  br_table 0 (;@4;) 1 (;@3;) 2 (;@2;) 3 (;@1;)
    13  mov ecx, edx
    15  cmp ecx, eax
    17  cmovb eax, ecx
    1a  lea rcx, [0x2a]
    21  movsxd rax, [rcx+rax*4]
    25  add rcx, rax
    28  jmp rcx
    2a  data 24 00 00 00 1a 00 00 00
    32  data 10 00 00 00 2e 00 00 00
    3a  mov eax, 0x1e                                 0x00039  i32.const 30
    3f  jmp 0x5d                                      0x0003b  return
    44  mov eax, 0x14                                 0x00035  i32.const 20
    49  jmp 0x5d                                      0x00037  return
    4e  mov eax, 0xa                                  0x00031  i32.const 10
    53  jmp 0x5d                                      0x00033  return
    58  mov eax, 0x28                                 0x0003d  i32.const 40
    5d  mov rsp, rbp                                  0x0003f  end
    60  pop rbp
    61  ret
    62  ud2  ; call stack exhausted                   0x0001f  entry
