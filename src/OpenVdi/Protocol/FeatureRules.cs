namespace OpenVdi;

/// <summary>Which feature bits may stand together, and whose they are.</summary>
/// <remarks>Spec: 4.2, 4.3, V2, V3.</remarks>
public static class FeatureRules
{
    /// <summary>The bits that only the server sets (V3): a client's are cleared.</summary>
    public const VdFeatures ServerOnly = VdFeatures.WriteMedia | VdFeatures.ReadMedia | VdFeatures.CompleteEnabled;

    private const VdFeatures AnyClass = VdFeatures.Discard | VdFeatures.SnapshotPrepare | VdFeatures.RequestComplete
        | VdFeatures.EnumFrozenFiles | VdFeatures.VssWriter;

    /// <summary>The client's wish without the bits that are not the client's to set. Spec: V3.</summary>
    public static VdFeatures ClientBits(VdFeatures features) => features & ~ServerOnly;

    /// <summary>Whether a client may ask for these features: exactly one positioning class with its permitted extras.
    /// Spec: 4.3, V2.</summary>
    public static bool IsSupported(VdFeatures features)
    {
        VdFeatures positioning = ClientBits(features) & ~AnyClass;
        return positioning is VdFeatures.LikePipe or VdFeatures.Removable
            or VdFeatures.LikeTape
            or VdFeatures.LikeDisk or (VdFeatures.LikeDisk | VdFeatures.Removable);
    }
}
