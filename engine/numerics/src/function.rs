//! The numeric functions of the specification by name.

/// Defines the functions.
macro_rules! functions {
    ($($variant:ident = $name:literal,)*) => {
        /// A numeric function of the specification (*Numerics*), by the name in its source.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum Function {
            $($variant,)*
        }

        impl Function {
            /// Every function, in the specification's order.
            pub const ALL: &[Function] = &[$(Function::$variant,)*];

            /// Its name in the specification's source.
            pub fn name(self) -> &'static str {
                match self {
                    $(Function::$variant => $name,)*
                }
            }
        }
    };
}

functions! {
    Relaxed2 = "$relaxed2", Relaxed4 = "$relaxed4", RFmadd = "$R_fmadd", RFmin = "$R_fmin",
    RFmax = "$R_fmax", RIdot = "$R_idot", RIq15mulr = "$R_iq15mulr", RTruncU = "$R_trunc_u",
    RTruncS = "$R_trunc_s", RSwizzle = "$R_swizzle", RLaneselect = "$R_laneselect",
    S33ToU32 = "$s33_to_u32", Ibits = "$ibits_", Fbits = "$fbits_", Ibytes = "$ibytes_",
    Fbytes = "$fbytes_", Nbytes = "$nbytes_", Vbytes = "$vbytes_", Zbytes = "$zbytes_",
    Cbytes = "$cbytes_", InvIbits = "$inv_ibits_", InvFbits = "$inv_fbits_",
    InvIbytes = "$inv_ibytes_", InvFbytes = "$inv_fbytes_", InvNbytes = "$inv_nbytes_",
    InvVbytes = "$inv_vbytes_", InvZbytes = "$inv_zbytes_", InvCbytes = "$inv_cbytes_",
    Signed = "$signed_", InvSigned = "$inv_signed_", Sx = "$sx", Zero = "$zero", Bool = "$bool",
    Truncz = "$truncz", Ceilz = "$ceilz", SatU = "$sat_u_", SatS = "$sat_s_", Ineg = "$ineg_",
    Iabs = "$iabs_", Iclz = "$iclz_", Ictz = "$ictz_", Ipopcnt = "$ipopcnt_",
    Iextend = "$iextend_", Iadd = "$iadd_", Isub = "$isub_", Imul = "$imul_", Idiv = "$idiv_",
    Irem = "$irem_", Imin = "$imin_", Imax = "$imax_", IaddSat = "$iadd_sat_",
    IsubSat = "$isub_sat_", Iq15mulrSat = "$iq15mulr_sat_",
    IrelaxedQ15mulr = "$irelaxed_q15mulr_", Iavgr = "$iavgr_", Inot = "$inot_", Irev = "$irev_",
    Iand = "$iand_", Iandnot = "$iandnot_", Ior = "$ior_", Ixor = "$ixor_", Ishl = "$ishl_",
    Ishr = "$ishr_", Irotl = "$irotl_", Irotr = "$irotr_", Ibitselect = "$ibitselect_",
    IrelaxedLaneselect = "$irelaxed_laneselect_", Ieqz = "$ieqz_", Inez = "$inez_", Ieq = "$ieq_",
    Ine = "$ine_", Ilt = "$ilt_", Igt = "$igt_", Ile = "$ile_", Ige = "$ige_", Fabs = "$fabs_",
    Fneg = "$fneg_", Fsqrt = "$fsqrt_", Fceil = "$fceil_", Ffloor = "$ffloor_",
    Ftrunc = "$ftrunc_", Fnearest = "$fnearest_", Fadd = "$fadd_", Fsub = "$fsub_",
    Fmul = "$fmul_", Fdiv = "$fdiv_", Fmin = "$fmin_", Fmax = "$fmax_", Fpmin = "$fpmin_",
    Fpmax = "$fpmax_", FrelaxedMin = "$frelaxed_min_", FrelaxedMax = "$frelaxed_max_",
    Fcopysign = "$fcopysign_", Feq = "$feq_", Fne = "$fne_", Flt = "$flt_", Fgt = "$fgt_",
    Fle = "$fle_", Fge = "$fge_", FrelaxedMadd = "$frelaxed_madd_",
    FrelaxedNmadd = "$frelaxed_nmadd_", Wrap = "$wrap__", Extend = "$extend__",
    Trunc = "$trunc__", TruncSat = "$trunc_sat__", RelaxedTrunc = "$relaxed_trunc__",
    Demote = "$demote__", Promote = "$promote__", Convert = "$convert__", Narrow = "$narrow__",
    Reinterpret = "$reinterpret__", Lpacknum = "$lpacknum_", Cpacknum = "$cpacknum_",
    Lunpacknum = "$lunpacknum_", Cunpacknum = "$cunpacknum_", Unop = "$unop_", Binop = "$binop_",
    Testop = "$testop_", Relop = "$relop_", Cvtop = "$cvtop__", Lanes = "$lanes_",
    InvLanes = "$inv_lanes_", Zeroop = "$zeroop", Halfop = "$halfop", Half = "$half",
    IswizzleLane = "$iswizzle_lane_", IrelaxedSwizzleLane = "$irelaxed_swizzle_lane_",
    Ivunop = "$ivunop_", Fvunop = "$fvunop_", Ivbinop = "$ivbinop_", Ivbinopsx = "$ivbinopsx_",
    Ivbinopsxnd = "$ivbinopsxnd_", Fvbinop = "$fvbinop_", Ivternopnd = "$ivternopnd_",
    Fvternop = "$fvternop_", Ivrelop = "$ivrelop_", Ivrelopsx = "$ivrelopsx_",
    Fvrelop = "$fvrelop_", Ivshiftop = "$ivshiftop_", Ivshiftopsx = "$ivshiftopsx_",
    Ivbitmaskop = "$ivbitmaskop_", Ivswizzlop = "$ivswizzlop_", Ivshufflop = "$ivshufflop_",
    Vvunop = "$vvunop_", Vvbinop = "$vvbinop_", Vvternop = "$vvternop_", Vunop = "$vunop_",
    Vbinop = "$vbinop_", Vternop = "$vternop_", Vrelop = "$vrelop_", Lcvtop = "$lcvtop__",
    Vcvtop = "$vcvtop__", Vshiftop = "$vshiftop_", Vbitmaskop = "$vbitmaskop_",
    Vswizzlop = "$vswizzlop_", Vshufflop = "$vshufflop_", Vnarrowop = "$vnarrowop__",
    Vextunop = "$vextunop__", Vextbinop = "$vextbinop__", Vextternop = "$vextternop__",
    Ivextunop = "$ivextunop__", Ivextbinop = "$ivextbinop__", IvaddPairwise = "$ivadd_pairwise_",
    Ivmul = "$ivmul_", Ivdot = "$ivdot_", IvdotSat = "$ivdot_sat_",
}
