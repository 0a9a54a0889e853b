using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

/// <summary>What a party does with what comes over its control connections. All calls come on the loop's thread.</summary>
internal interface IControlHandler
{
    /// <summary>A message came. The handler owns the descriptor.</summary>
    /// <returns>False when the message cannot be right, or the connection has served: it is ended.</returns>
    bool Handle(ControlConnection connection, ref ControlMessage message, SafeFileHandle? attached);

    /// <summary>A connection has ended, by the peer's word, its death, or ours.</summary>
    void HandleEnd(ControlConnection connection, string how);

    /// <summary>Makes this party's waiters on shared words look around. Called now and then.</summary>
    void WakeSleepers();
}
