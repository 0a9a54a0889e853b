namespace OpenVdi.Backup.Media;

/// <summary>How a transfer to or from a medium ended.</summary>
/// <param name="BytesTransferred">What was stored or delivered.</param>
/// <param name="Failure">Why not all of it, or null. The end of the data is not a failure: a read that delivers fewer
/// bytes than the buffer holds has reached it.</param>
public readonly record struct TransferOutcome(int BytesTransferred, MediumFailure? Failure = null);
