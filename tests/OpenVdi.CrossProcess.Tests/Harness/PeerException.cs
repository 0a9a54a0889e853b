namespace OpenVdi.CrossProcess.Tests;

/// <summary>A peer did not do what the test awaited.</summary>
internal sealed class PeerException(string message) : Exception(message);
