namespace OpenVdi;

/// <summary>The first reason for which a set was aborted; later ones are not kept.</summary>
/// <param name="Reason">Which trigger of the specification.</param>
/// <param name="Detail">In words, for a log (Y11).</param>
public sealed record AbortNotice(AbortReason Reason, string Detail);
